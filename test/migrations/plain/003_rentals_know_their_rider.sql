-- Migration: 003_rentals_know_their_rider
-- Date: 2024-01-22
-- Description: The foreign key that 001 forgot
-- Author: Rental desk
-- Reversible: Yes

-- Rentals of riders who were deleted since: the rider comes back without a name.
INSERT INTO riders (id, name)
SELECT DISTINCT rider_id, '(deleted)'
FROM rentals AS r
WHERE NOT EXISTS (SELECT FROM riders WHERE riders.id = r.rider_id);

ALTER TABLE rentals
    ADD CONSTRAINT rentals_rider_id_fkey FOREIGN KEY (rider_id) REFERENCES riders (id) NOT VALID;

ALTER TABLE rentals VALIDATE CONSTRAINT rentals_rider_id_fkey;
