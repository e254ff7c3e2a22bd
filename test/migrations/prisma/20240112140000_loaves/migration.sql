-- CreateEnum
CREATE TYPE "Flour" AS ENUM ('WHEAT', 'RYE');

-- CreateTable
CREATE TABLE "Loaf" (
    "id" SERIAL NOT NULL,
    "bakeryId" INTEGER NOT NULL,
    "flour" "Flour" NOT NULL,

    CONSTRAINT "Loaf_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Loaf_bakeryId_idx" ON "Loaf"("bakeryId");

-- AddForeignKey
ALTER TABLE "Loaf" ADD CONSTRAINT "Loaf_bakeryId_fkey" FOREIGN KEY ("bakeryId") REFERENCES "Bakery"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
