-- Scratch queries; this file is no migration.
SELECT name, height_m FROM stations ORDER BY height_m DESC;
