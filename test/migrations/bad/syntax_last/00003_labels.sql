-- +goose Up
CREATE TABLE labels (
    id     integer PRIMARY KEY,
    box_id integer REFERENCES boxes (id),
    words  text NOT NULL,
    colour text DEFALUT 'white'
);

-- +goose Down
DROP TABLE labels;
