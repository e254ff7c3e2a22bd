-- !Ups

ALTER TABLE orchards ADD altitude int;

-- !Downs

ALTER TABLE orchards DROP altitude;
