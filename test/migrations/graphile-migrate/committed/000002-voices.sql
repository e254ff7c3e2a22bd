--! Previous: sha1:1a430c68628d06a65973a905593e548f028fb50b
--! Hash: sha1:aad9267fad5b60b3179ff78a8dbfb08187efa4b8
--! Message: voices

alter table choir.singers drop column if exists voice;
drop type if exists choir.voice;

create type choir.voice as enum ('soprano', 'alto', 'tenor');
alter table choir.singers add column voice choir.voice;
