CREATE TABLE "rivers" ("id" serial NOT NULL, "name" text NOT NULL, PRIMARY KEY ("id"), UNIQUE ("name"));
