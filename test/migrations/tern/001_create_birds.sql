create table birds (
  ring text primary key,
  species text not null
);

---- create above / drop below ----

drop table birds;
