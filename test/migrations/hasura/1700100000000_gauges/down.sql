alter table "rivers" drop column "length";
DROP TABLE "gauges";
