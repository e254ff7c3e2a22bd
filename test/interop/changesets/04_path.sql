--liquibase formatted sql logicalFilePath:db/first.sql

--changeset ada:path
CREATE TABLE app.path ();

--changeset ada:refers-to-path
DROP TABLE app.path;
--rollback changesetId:path changesetAuthor:ada changesetPath:04_path.sql
