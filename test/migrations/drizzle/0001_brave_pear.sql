ALTER TABLE "trees" ADD COLUMN "row" integer;--> statement-breakpoint
CREATE INDEX "trees_row_idx" ON "trees" USING btree ("row");
