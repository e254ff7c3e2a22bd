DROP TABLE "rivers";
