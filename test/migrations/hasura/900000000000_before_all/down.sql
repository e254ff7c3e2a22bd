DROP TYPE bank;
