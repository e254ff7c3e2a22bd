create table recipes (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  is_public boolean not null default false
);

alter table recipes enable row level security;

create policy "Public recipes are visible" on recipes
  for select using (is_public);
