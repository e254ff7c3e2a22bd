---- tern: disable-tx ----
create index concurrently catches_caught_on_idx on catches (caught_on);

---- create above / drop below ----

---- tern: disable-tx ----
drop index concurrently catches_caught_on_idx;
