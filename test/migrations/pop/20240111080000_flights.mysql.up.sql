CREATE TABLE flights (kite_id char(36) NOT NULL, started datetime NOT NULL, PRIMARY KEY (kite_id, started)) ENGINE=InnoDB;
