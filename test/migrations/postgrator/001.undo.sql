DROP TABLE museums;
