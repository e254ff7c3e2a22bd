-- Custom SQL migration file, put your code below! --
INSERT INTO "trees" ("sort", "row") VALUES ('Boskoop', 1)
--> statement-breakpoint
INSERT INTO "trees" ("sort", "row") VALUES ('Conference', 2)
--> statement-breakpoint
CREATE VIEW "rows" AS SELECT "row", count(*) AS "trees" FROM "trees" GROUP BY "row"
