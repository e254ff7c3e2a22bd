--
-- depends: 20240204_02_Ab1cd-create-bells
--   Towers get a name of their own; it is written late, and named early

ALTER TABLE towers ADD name text;
