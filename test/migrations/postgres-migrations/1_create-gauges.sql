CREATE TABLE gauges (
  id integer PRIMARY KEY,
  river text NOT NULL
);
