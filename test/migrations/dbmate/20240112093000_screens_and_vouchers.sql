-- The two halves of this one can be taken apart later.

-- migrate:up
CREATE TABLE screens (
    number integer PRIMARY KEY,
    seats integer NOT NULL
);
CREATE TABLE screenings (
    film_id bigint NOT NULL REFERENCES films (id),
    screen integer NOT NULL REFERENCES screens (number),
    starts_at timestamptz NOT NULL,
    PRIMARY KEY (screen, starts_at)
);

-- migrate:down
DROP TABLE screenings;
DROP TABLE screens;

-- migrate:up
CREATE TABLE vouchers (
    code text PRIMARY KEY,
    used_on date
);

-- migrate:down
DROP TABLE vouchers;
