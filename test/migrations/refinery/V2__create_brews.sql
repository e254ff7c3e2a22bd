CREATE TABLE brews (
    vat_id integer NOT NULL REFERENCES vats (id),
    brewed_on date NOT NULL,
    style text NOT NULL
);
