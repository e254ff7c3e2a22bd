-- rambler up

CREATE TABLE trails (
    id serial PRIMARY KEY,
    name text NOT NULL
);

-- rambler down

DROP TABLE trails;
