CREATE TABLE "gauges" ("id" serial NOT NULL, "river_id" integer NOT NULL, "bank" bank NOT NULL, "km" numeric NOT NULL, PRIMARY KEY ("id"), FOREIGN KEY ("river_id") REFERENCES "rivers"("id") ON UPDATE restrict ON DELETE cascade);
COMMENT ON TABLE "gauges" IS E'Where the water is measured';
alter table "rivers" add column "length" numeric
 null
