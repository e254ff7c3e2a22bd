BEGIN;

CREATE TABLE offices (
    code text PRIMARY KEY,
    town text NOT NULL
);
CREATE TABLE parcels (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office text NOT NULL REFERENCES offices,
    weight_grams integer NOT NULL CHECK (weight_grams > 0)
);

COMMIT;
