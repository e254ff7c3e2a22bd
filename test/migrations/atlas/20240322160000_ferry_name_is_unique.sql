-- Modify "ferries" table
ALTER TABLE "ferries" ADD CONSTRAINT "ferries_name_key" UNIQUE ("name");
