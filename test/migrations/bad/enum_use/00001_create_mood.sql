-- +goose Up
CREATE TYPE mood AS ENUM ('sad', 'happy');

CREATE TABLE diary (day date PRIMARY KEY, mood mood NOT NULL);

-- +goose Down
DROP TABLE diary;
DROP TYPE mood;
