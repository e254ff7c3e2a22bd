CREATE TABLE passages (
    lighthouse integer NOT NULL REFERENCES lighthouses (id),
    ship text NOT NULL,
    seen_at timestamptz NOT NULL
);
