CREATE TABLE levels (
  gauge_id integer NOT NULL REFERENCES gauges (id),
  measured_at timestamptz NOT NULL,
  centimetres integer NOT NULL
);
