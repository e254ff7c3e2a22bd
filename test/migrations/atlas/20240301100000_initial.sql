-- Create "ferries" table
CREATE TABLE "ferries" (
  "id" bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  "name" text NOT NULL,
  PRIMARY KEY ("id")
);
-- Create "crossings" table
CREATE TABLE "crossings" (
  "ferry_id" bigint NOT NULL,
  "leaves_at" timestamptz NOT NULL,
  "passengers" integer NOT NULL DEFAULT 0,
  PRIMARY KEY ("ferry_id", "leaves_at"),
  CONSTRAINT "crossings_ferry_id_fkey" FOREIGN KEY ("ferry_id") REFERENCES "ferries" ("id") ON UPDATE NO ACTION ON DELETE CASCADE
);
