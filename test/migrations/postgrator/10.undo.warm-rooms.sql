DROP VIEW warm_rooms;
