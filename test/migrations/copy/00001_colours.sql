-- +goose Up
CREATE TABLE colours (id integer PRIMARY KEY, name text, note text);

COPY colours (id, name, note) FROM stdin;
1	red	warm; don't use for links
2	green	\N
3	blue	-- not a comment
\.

CREATE UNIQUE INDEX colours_name_key ON colours (name);

-- +goose Down
DROP TABLE colours;
