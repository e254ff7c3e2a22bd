-- Undoes 003_rentals_know_their_rider; the riders that came back may stay
ALTER TABLE rentals DROP CONSTRAINT rentals_rider_id_fkey;
