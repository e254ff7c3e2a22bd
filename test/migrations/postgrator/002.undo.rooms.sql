DELETE FROM museums WHERE name = 'Clocks';
DROP TABLE rooms;
