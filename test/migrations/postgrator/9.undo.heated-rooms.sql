ALTER TABLE rooms DROP heated
