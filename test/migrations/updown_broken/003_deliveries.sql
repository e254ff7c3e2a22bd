-- Migration: deliveries
-- Created: 2024-06-11
-- Description: Who received which newsletter, and when
-- Author: Jonas Lind

-- UP
CREATE TABLE deliveries (
    campaign_id   bigint NOT NULL REFERENCES campaigns (id),
    subscriber_id bigint NOT NULL REFERENCES subscribers (id),
    sent_on       date NOT NULL,
    PRIMARY KEY (campaign_id, subscriber_id)
);

CREATE INDEX deliveries_sent_on_idx ON deliveries (sent_at);

CREATE VIEW campaign_reach AS
SELECT campaign_id, count(*) AS readers
FROM deliveries
GROUP BY campaign_id;

-- DOWN
DROP VIEW campaign_reach;
DROP TABLE deliveries;
