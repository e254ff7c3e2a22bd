-- +goose Up
CREATE TABLE greetings (id integer PRIMARY KEY, words text NOT NULL);

INSERT INTO greetings (id, words) VALUES (1, 'good morning);

-- +goose Down
DROP TABLE greetings;
