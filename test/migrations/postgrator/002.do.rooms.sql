CREATE TABLE rooms (
    museum_id int NOT NULL REFERENCES museums,
    number    int NOT NULL,
    PRIMARY KEY (museum_id, number)
);
INSERT INTO museums (name) VALUES ('Clocks');
