--! Previous: sha1:aad9267fad5b60b3179ff78a8dbfb08187efa4b8
--! Hash: sha1:77a66297e5dd47a13dfe030d69747822d8dff60a
--! Message: Basses sing too

--! no-transaction
alter type choir.voice add value if not exists 'bass';
