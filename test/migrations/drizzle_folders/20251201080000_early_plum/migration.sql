CREATE TABLE "jars" (
	"id" serial PRIMARY KEY,
	"fruit" text NOT NULL
);
