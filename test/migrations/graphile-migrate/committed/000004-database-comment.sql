--! Previous: sha1:77a66297e5dd47a13dfe030d69747822d8dff60a
--! Hash: sha1:e728953b5ea73a29dbadc136cea57a802a07ad38
--! Message: Database comment

comment on schema choir is 'Who sings what, in the database :DATABASE_NAME';
