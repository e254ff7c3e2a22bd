create table ingredients (
  recipe_id uuid not null references recipes (id) on delete cascade,
  position integer not null,
  what text not null,
  primary key (recipe_id, position)
);
alter table ingredients enable row level security;
