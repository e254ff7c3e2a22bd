INSERT INTO notes VALUES ('café "two" \n \u0041 $1 ? %s {} <&>
next	tab  ');
