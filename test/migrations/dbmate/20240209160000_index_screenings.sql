-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY screenings_film_id_idx ON screenings (film_id);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY screenings_film_id_idx;
