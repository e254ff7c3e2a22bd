-- Up Migration
CREATE TYPE result AS ENUM ('white', 'black', 'draw');
ALTER TABLE games ADD COLUMN result result;

-- Down Migration
ALTER TABLE games DROP COLUMN result;
DROP TYPE result;
