-- atlas:txmode none

-- Create index "crossings_leaves_at" to table: "crossings"
CREATE INDEX CONCURRENTLY "crossings_leaves_at" ON "crossings" ("leaves_at");
