-- +migrate Up
CREATE TABLE traders (
    name text PRIMARY KEY,
    stall_id integer REFERENCES stalls (id)
);

-- +migrate Down
DROP TABLE traders;
