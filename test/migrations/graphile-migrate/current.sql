-- Enter migration here
drop table if exists choir.concerts;
create table choir.concerts (
  held_on date primary key
);
