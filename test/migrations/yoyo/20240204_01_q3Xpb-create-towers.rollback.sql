DROP TABLE towers;
