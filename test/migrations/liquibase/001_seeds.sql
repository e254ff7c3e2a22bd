--liquibase formatted sql

--changeset ada:create-seeds
--comment What the seed library lends.
CREATE TABLE seeds (
    id integer PRIMARY KEY,
    plant text NOT NULL
);
CREATE TABLE loans (
    seed_id integer NOT NULL REFERENCES seeds (id),
    gardener text NOT NULL,
    lent_on date NOT NULL
);
--rollback DROP TABLE loans;
--rollback DROP TABLE seeds CASCADE;

--changeset ada:first-seeds
-- an ordinary comment; it belongs to the statement
INSERT INTO seeds (id, plant) VALUES (1, 'runner bean'), (2, 'sweet pea; blue');
/* liquibase rollback
DELETE FROM seeds
    WHERE id IN (1, 2);
*/

--changeset bo:index-loans runInTransaction:false
CREATE INDEX CONCURRENTLY loans_lent_on_idx ON loans (lent_on);
--rollback DROP INDEX CONCURRENTLY loans_lent_on_idx;
