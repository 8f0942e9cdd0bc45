<?php
// Users by what they may do, an Application Password for each, and addresses with the slug in them.
require '/wordpress/wp-load.php';

$logins = array();
foreach ( array( 'editor', 'contributor' ) as $role ) {
	$user = wp_insert_user(
		array(
			'user_login' => "test-$role",
			'user_pass'  => wp_generate_password(),
			'user_email' => "$role@example.invalid",
			'role'       => $role,
		)
	);
	list( $password ) = WP_Application_Passwords::create_new_application_password( $user, array( 'name' => 'tests' ) );
	$logins[ $role ]  = array( "test-$role", WP_Application_Passwords::chunk_password( $password ) );
}
update_option( 'permalink_structure', '/%postname%/' );
flush_rewrite_rules();
file_put_contents( '/wordpress/logins.json', wp_json_encode( $logins ) );
