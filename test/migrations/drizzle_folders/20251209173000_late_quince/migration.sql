ALTER TABLE "jars" ADD COLUMN "sugar" integer;--> statement-breakpoint
ALTER TABLE "jars" ADD CONSTRAINT "jars_sugar_check" CHECK ("sugar" >= 0);
