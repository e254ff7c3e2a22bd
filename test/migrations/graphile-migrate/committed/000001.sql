--! Previous: -
--! Hash: sha1:1a430c68628d06a65973a905593e548f028fb50b

drop schema if exists choir cascade;
create schema choir;
grant usage on schema choir to :DATABASE_OWNER;

create table choir.singers (
  id int primary key generated always as identity,
  name text not null
);
