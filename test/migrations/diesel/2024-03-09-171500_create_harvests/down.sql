DROP TABLE harvests;
