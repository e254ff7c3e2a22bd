CREATE VIEW warm_rooms AS SELECT museum_id, number FROM rooms WHERE heated;
