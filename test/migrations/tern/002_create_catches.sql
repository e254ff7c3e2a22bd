-- Write your migrate up statements here
create table catches (
  ring text not null references birds (ring),
  caught_on date not null,
  wing_mm integer,
  primary key (ring, caught_on)
);

---- create above / drop below ----

-- Write your migrate down statements here. If this migration is irreversible
-- Then delete the separator line above.
drop table catches;
